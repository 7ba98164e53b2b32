"use strict";
// Everything of a learner's is put into the page as text, never as markup.
const facts = JSON.parse(document.getElementById("facts").textContent);
const grid = document.getElementById("grid"), told = document.getElementById("told"), body = grid.tBodies[0];
const first = 2; // columns before the exercises
let pinned = null, at = null;

function add(parent, tag, words) {
  const made = document.createElement(tag);
  if (words) made.textContent = words;
  parent.append(made);
  return made;
}

function show(cell) {
  if (!cell || cell.cellIndex < first || !body.contains(cell)) return;
  const rank = cell.parentNode.dataset.i, column = cell.cellIndex - first;
  const [title, slug, week] = facts.exercises[column];
  const behind = (facts.rows[rank][column] || []).map((place) => facts.texts[place]);
  const [promise, expected, happened, misconception, sent, note, repairs] = behind;
  told.replaceChildren();
  const head = add(told, "h3", title);
  add(head, "span", ` ${week} · `).className = "dim";
  add(head, "bdi", facts.names[rank]);
  add(head, "span", ` · ${facts.words[cell.className[0]]}`).className = "dim";
  const list = add(told, "dl");
  const entry = (name, words, tag) => {
    if (!words) return;
    add(list, "dt", name);
    add(add(list, "dd"), tag || "bdi", words);
  };
  entry("promised", promise);
  entry("expected", expected);
  entry("happened", happened);
  if (misconception) entry(misconception, facts.means[`${slug} ${misconception}`] || "recognised by its check");
  entry("sent", sent, "pre");
  entry("note", note);
  entry("repaired", repairs);
}

function go(cell) {
  if (!cell || !cell.closest("tbody")) return;
  if (at) at.tabIndex = -1;
  at = cell;
  at.tabIndex = 0;
  at.focus();
}

function pin(cell) {
  if (pinned) pinned.classList.remove("on");
  pinned = cell === pinned ? null : cell;
  if (pinned) pinned.classList.add("on");
  show(cell);
}

body.addEventListener("mouseover", (event) => pinned || show(event.target.closest("td")));
body.addEventListener("focusin", (event) => pinned || show(event.target.closest("td")));
body.addEventListener("click", (event) => {
  const cell = event.target.closest("td");
  if (!cell || cell.cellIndex < first) return;
  go(cell);
  pin(cell);
});
body.addEventListener("keydown", (event) => {
  const cell = event.target.closest("td");
  if (!cell) return;
  const shown = (row, way) => {
    do row = row && row[way]; while (row && row.hidden);
    return row;
  };
  const seen = (next, way) => {
    while (next && next.offsetParent === null) next = next[way];
    return next && next.cellIndex >= first ? next : null;
  };
  const above = shown(cell.parentNode, "previousElementSibling"), below = shown(cell.parentNode, "nextElementSibling");
  const moves = {
    ArrowLeft: () => seen(cell.previousElementSibling, "previousElementSibling"),
    ArrowRight: () => seen(cell.nextElementSibling, "nextElementSibling"),
    ArrowUp: () => above && above.cells[cell.cellIndex],
    ArrowDown: () => below && below.cells[cell.cellIndex],
    Home: () => seen(cell.parentNode.cells[first], "nextElementSibling"),
    End: () => seen(cell.parentNode.lastElementChild, "previousElementSibling"),
  };
  if (event.key in moves) go(moves[event.key]());
  else if (event.key === "Enter" || event.key === " ") pin(cell);
  else if (event.key === "Escape") pinned && pin(pinned);
  else return;
  event.preventDefault();
});

function press(chosen) {
  for (const other of chosen.parentNode.querySelectorAll("button")) other.setAttribute("aria-pressed", other === chosen);
}

for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => {
  const key = button.dataset.sort;
  body.append(...[...body.rows].sort((a, b) => a.dataset[key] - b.dataset[key]));
  press(button);
});
for (const button of document.querySelectorAll("[data-only]")) button.addEventListener("click", () => {
  grid.dataset.week = button.dataset.only;
  for (const column of grid.querySelectorAll("col.one")) {
    column.hidden = button.dataset.only !== "all" && column.dataset.w !== button.dataset.only;
  }
  press(button);
});
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const row of body.rows) row.hidden = !facts.names[row.dataset.i].toLocaleLowerCase().includes(wanted);
});

for (const table of document.querySelectorAll(".sortable")) {
  for (const head of table.tHead.rows[0].cells) head.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1, column = head.cellIndex;
    const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)], [u, v] = [parseFloat(x), parseFloat(y)];
      return Number.isNaN(u) || Number.isNaN(v) ? Number.isNaN(u) - Number.isNaN(v) || down * x.localeCompare(y) : down * (u - v);
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
  });
}

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const each of folded) each.open = true;
});
addEventListener("afterprint", () => folded.forEach((each) => { each.open = false; }));
if (body.rows.length) {
  at = body.rows[0].cells[first];
  if (at) at.tabIndex = 0;
}
