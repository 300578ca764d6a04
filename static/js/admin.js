// Long work goes on by itself, a few seconds at a time.
document.querySelector("form[data-go-on]")?.requestSubmit();

// Others see who has a case open, as long as its page is looked at.
const atWork = document.querySelector("form[data-at-work]");
if (atWork) {
  const tell = () => {
    if (document.visibilityState === "visible") {
      fetch(atWork.action, { method: "POST", body: new FormData(atWork), redirect: "manual" }).catch(() => {});
    }
  };
  atWork.hidden = true;
  tell();
  setInterval(tell, 60000);
}

// What is being sent is looked at again, as long as the page is.
const moving = document.querySelector("[data-look-again]");
if (moving) {
  const again = async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("[data-look-again]")) location.reload();
    else moving.replaceChildren(...page.querySelector("[data-look-again]").childNodes);
  };
  setInterval(again, 5000);
}
