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
