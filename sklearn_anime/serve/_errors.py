"""The one error of requests that are not answered."""


class RequestError(Exception):
    """A request that is not answered, with the status and the sentence that say why.

    Examples
    --------
    >>> RequestError(404, "Nobody knows this item.").status
    404
    """

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status
        self.detail = detail
