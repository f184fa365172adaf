// Comfort only: every page works without this file.
"use strict";

// Unfolding a form puts the cursor where one writes.
document.addEventListener("toggle", (event) => {
  if (event.target.open) event.target.querySelector("input:not([type=hidden]), textarea")?.focus();
}, true);

// Ctrl+Enter (or ⌘+Enter) sends what one is writing.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

// A second click while the first is on its way does not send twice; coming back with "Back" resets it.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
