// Small improvements; every page works without them.
"use strict";

// The error summary takes focus also where the address has a fragment, which switches `autofocus` off.
document.querySelector("[data-error-summary]")?.focus();

// Where there is room for them, filters stand open beside their results.
if (window.matchMedia("(min-width: 62rem)").matches) {
  for (const details of document.querySelectorAll("[data-open-wide]")) details.open = true;
}

// What changed is said aloud: the words of the first [data-announce] in what came back.
document.addEventListener("htmx:afterSettle", (event) => {
  const said = event.detail.elt.closest("[data-announce]") || event.detail.elt.querySelector("[data-announce]");
  const live = document.querySelector("[data-live]");
  if (said && live) live.textContent = said.textContent.trim();
});

// An answer that is an error page is still an answer: show it as a page of its own.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "get") window.location.assign(event.detail.pathInfo.finalRequestPath);
});
