// Small improvements; every page works without them.
"use strict";

// The error summary takes focus also where the address has a fragment, which switches `autofocus` off.
document.querySelector("[data-error-summary]")?.focus();

// Where there is room for them, filters stand open beside their results. The style sheet shows them so until this runs,
// and nothing moves.
for (const details of document.querySelectorAll("[data-open-wide]")) {
  if (window.matchMedia("(min-width: 62rem)").matches) details.open = true;
  details.removeAttribute("data-open-wide");
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
