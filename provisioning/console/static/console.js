"use strict";
// What pages gain where scripts run; every page works without it.

// Passwords can be shown while they are typed.
for (const button of document.querySelectorAll("[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
  });
}

// Values that are pasted elsewhere are copied by a button.
for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.firstChild.textContent = "Copied";
  });
}

// The invitation starts with one row; rows that hold something, or a fault, stay.
for (const rows of document.querySelectorAll("[data-rows]")) {
  const more = rows.querySelector("[data-more]");
  const all = [...rows.querySelectorAll("[data-row]")];
  const isEmpty = (row) => [...row.querySelectorAll("input")].every((input) => input.value === "");
  const last = Math.max(0, all.findLastIndex((row) => !isEmpty(row)));
  all.forEach((row, number) => { row.hidden = number > last; });
  const offer = () => { more.hidden = all.every((row) => !row.hidden); };
  more.addEventListener("click", () => {
    const next = all.find((row) => row.hidden);
    next.hidden = false;
    next.querySelector("input").focus();
    offer();
  });
  offer();
}

// Choosing a product environment means 'Only these'.
for (const box of document.querySelectorAll("input[name=environment_ids]")) {
  box.addEventListener("change", () => {
    if (box.checked) document.querySelector("input[name=access][value=chosen]").checked = true;
  });
}

// The first field with a fault is where people go on.
document.querySelector("[aria-invalid=true]")?.focus();

// A menu closes by Escape, and when something else is used.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}
