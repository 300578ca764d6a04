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
  // Enter in a field does what the button does.
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.getElementById(`passkey-${kind}`).click();
  });
}

for (const words of document.querySelectorAll("[data-no-passkey]")) words.hidden = canUsePasskeys;

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const words of document.querySelectorAll("form[data-passkey] [role=alert]")) words.hidden = false;
});
