// Tables of the class "sortable" are sorted by a click on a heading, and by a second click the other way.
document.addEventListener("DOMContentLoaded", () => {
  const valueOf = (row, column) => row.cells[column].innerText.trim();
  const compare = (a, b) => {
    const [x, y] = [a, b].map((text) => parseFloat(text.replace(/,/g, "")));
    if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y) || a.localeCompare(b);
    return x - y;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("thead th").forEach((heading, column) => {
      const sort = () => {
        const up = heading.getAttribute("aria-sort") === "descending";
        table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const isNumber = (row) => !isNaN(parseFloat(valueOf(row, column)));
        const numbers = [...body.rows].some(isNumber);
        const rows = [...body.rows].sort((one, other) => {
          if (numbers && isNumber(one) !== isNumber(other)) return isNumber(one) ? -1 : 1;
          return (up ? 1 : -1) * compare(valueOf(one, column), valueOf(other, column));
        });
        body.append(...rows);
      };
      heading.tabIndex = 0;
      heading.addEventListener("click", sort);
      heading.addEventListener("keydown", (event) => event.key === "Enter" && sort());
    });
  }
});
