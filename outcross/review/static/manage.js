// The managers' forms: each is sent as JSON with the page's token, and the page is loaded anew once it was done.

const csrf = document.querySelector("meta[name=csrf]").content;
const notice = document.getElementById("notice");

for (const form of document.querySelectorAll("form[data-post]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const recipe = form.querySelector("option[data-recipe]:checked")?.dataset.recipe;
    const button = form.querySelector("button");
    button.disabled = true;
    const said = await send(form.dataset.post, recipe === undefined ? fields : { ...fields, recipe });
    if (said === null) return location.reload();
    button.disabled = false;
    notice.textContent = said;
    notice.hidden = false;
    notice.scrollIntoView({ block: "nearest" });
  });
}

/** Null once it is done, else what kept it from being done. */
async function send(path, body) {
  try {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.ok ? null : (await answer.json()).error;
  } catch {
    return "The server doesn’t answer. Nothing was changed; try again.";
  }
}
