// Long work goes on by itself, a few seconds at a time.
document.querySelector("form[data-go-on]")?.requestSubmit();
