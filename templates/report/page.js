// Tables of several rows can be sorted by a column: up, down, and as they were. Without this script they are read as they are.
const order = (cell) => cell.dataset.order ?? cell.textContent;

const compare = (a, b) => {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
};

const makeSortable = (table) => {
  const body = table.tBodies[0];
  const given = [...body.rows];
  if (given.length < 2) return;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const before = head.getAttribute('aria-sort');
      const after = before === null ? 'ascending' : before === 'ascending' ? 'descending' : null;
      for (const other of heads) other.removeAttribute('aria-sort');
      if (after !== null) head.setAttribute('aria-sort', after);
      const sign = after === 'descending' ? -1 : 1;
      const rows = given.map((row) => [order(row.cells[column]), row]);
      if (after !== null) rows.sort(([a], [b]) => sign * compare(a, b));
      body.append(...rows.map(([, row]) => row));
    });
  });
};

for (const table of document.querySelectorAll('table.rows')) makeSortable(table);
