"use strict";
// Everything of a learner's is put into the page as text, never as markup.
const facts = JSON.parse(document.getElementById("facts").textContent);
const grid = document.getElementById("grid"), rows = document.getElementById("rows"), told = document.getElementById("told");
const first = 2; // boxes of a row before the exercises
let pinned = null, at = null;

const column = (cell) => [...cell.parentNode.children].indexOf(cell) - first;
const cellOf = (event) => event.target.closest("#rows i");

function add(parent, tag, words) {
  const made = document.createElement(tag);
  if (words) made.textContent = words;
  parent.append(made);
  return made;
}

function show(cell) {
  if (!cell) return;
  const rank = cell.parentNode.dataset.i, place = column(cell);
  const [title, slug, week] = facts.exercises[place];
  const behind = (facts.rows[rank][place] || []).map((held) => facts.texts[held]);
  const [promise, expected, happened, misconception, sent, note, repairs] = behind;
  told.hidden = false;
  told.replaceChildren();
  const head = add(told, "h3", title);
  add(head, "span", ` ${week} · `).className = "dim";
  add(head, "bdi", facts.names[rank]);
  add(head, "span", ` · ${facts.words[cell.className[0]]}`).className = "dim";
  const list = add(told, "dl");
  const entry = (name, words, tag) => {
    if (!words) return;
    add(list, "dt", name);
    const parent = add(add(list, "dd"), tag || "bdi");
    const parts = tag ? [words] : words.split("`");
    // An odd number of pieces: every backtick has its other one.
    if (parts.length % 2) parts.forEach((part, i) => (i % 2 ? add(parent, "code", part) : parent.append(part)));
    else parent.append(words);
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
  if (!cell) return;
  if (at) at.removeAttribute("tabindex");
  at = cell;
  const rank = cell.parentNode.dataset.i;
  at.tabIndex = 0;
  at.setAttribute("role", "button");
  at.setAttribute("aria-label",
    `${facts.exercises[column(cell)][0]}, ${facts.names[rank]}: ${facts.words[cell.classList[0]]}`);
}

function pin(cell) {
  if (pinned) pinned.classList.remove("on");
  pinned = cell === pinned ? null : cell;
  if (pinned) pinned.classList.add("on");
  show(cell);
}

rows.addEventListener("mouseover", (event) => pinned || show(cellOf(event)));
rows.addEventListener("focusin", (event) => pinned || show(cellOf(event)));
rows.addEventListener("click", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  go(cell);
  cell.focus();
  pin(cell);
});
rows.addEventListener("keydown", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  const place = column(cell) + first, row = cell.parentNode;
  const walk = (from, way) => {
    let next = from;
    while (next && (next.hidden || getComputedStyle(next).display === "none")) next = next[way];
    return next && (next.parentNode === rows || next.tagName === "I") ? next : null;
  };
  const below = (way) => walk(row[way], way)?.children[place];
  const moves = {
    ArrowLeft: () => walk(cell.previousElementSibling, "previousElementSibling"),
    ArrowRight: () => walk(cell.nextElementSibling, "nextElementSibling"),
    ArrowUp: () => below("previousElementSibling"),
    ArrowDown: () => below("nextElementSibling"),
    Home: () => walk(row.children[first], "nextElementSibling"),
    End: () => walk(row.lastElementChild, "previousElementSibling"),
  };
  if (event.key in moves) {
    const next = moves[event.key]();
    if (next) go(next), next.focus();
  } else if (event.key === "Enter" || event.key === " ") pin(cell);
  else if (event.key === "Escape") pinned && pin(pinned);
  else return;
  event.preventDefault();
});

function press(chosen) {
  for (const other of chosen.parentNode.querySelectorAll("button")) other.setAttribute("aria-pressed", other === chosen);
}

for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => {
  const key = button.dataset.sort;
  rows.append(...[...rows.children].sort((a, b) => a.dataset[key] - b.dataset[key]));
  press(button);
});
for (const button of document.querySelectorAll("[data-only]")) button.addEventListener("click", () => {
  grid.dataset.week = button.dataset.only;
  press(button);
});
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const row of rows.children) row.hidden = !facts.names[row.dataset.i].toLocaleLowerCase().includes(wanted);
});

for (const table of document.querySelectorAll(".sortable")) {
  for (const head of table.tHead.rows[0].cells) head.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1, place = head.cellIndex;
    const value = (row) => row.cells[place].dataset.v ?? row.cells[place].textContent;
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
go(rows.querySelector("i"));
