// Joins the forms for passkeys to allauth's script, and shows them where the browser can use them.
"use strict";

const canUsePasskeys = "PublicKeyCredential" in window;
const formsOfAllauth = window.allauth.webauthn.forms;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const kind = form.dataset.passkey; // "login", "authenticate" or "signup": which of allauth's forms it is
  const credential = form.querySelector("[name=credential]");
  form.hidden = !canUsePasskeys;
  formsOfAllauth[`${kind}Form`]({
    ids: {
      [kind]: `passkey-${kind}`,
      credential: credential.id,
      ...(kind === "login" ? {} : { data: "passkey-options" }),
    },
  });
  // The button, or Enter in a field, asks the browser; allauth's script sends the form with its answer.
  form.addEventListener("submit", (event) => event.preventDefault());
}

for (const words of document.querySelectorAll("[data-no-passkey]")) words.hidden = canUsePasskeys;

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const words of document.querySelectorAll("form[data-passkey] [role=alert]")) words.hidden = false;
});
