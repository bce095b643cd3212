// Acting on a case: photos first, then the deed itself with the version that was seen. Texts go in as text.

const deeds = document.querySelector(".deeds");
const complaint = deeds?.querySelector(".complaint");

for (const form of deeds?.querySelectorAll("form") ?? []) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

async function send(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  complaint.hidden = true;
  try {
    for (const input of form.querySelectorAll("input[type=file]")) {
      if (input.files.length && !input.dataset.sent) {
        await attach(input);
      }
    }
    await act(form);
    location.reload();
  } catch (error) {
    complain(error.message);
    button.disabled = false;
  }
}

async function attach(input) {
  const [photo] = input.files;
  const address = `/cases/${deeds.dataset.case}/evidence?phase=${encodeURIComponent(input.dataset.phase)}`;
  await answered(fetch(address, { method: "POST", headers: { "Content-Type": photo.type }, body: photo }));
  input.dataset.sent = "yes";
}

async function act(form) {
  const fields = {};
  let note = null;
  for (const input of form.querySelectorAll("[name]")) {
    const value = input.value.trim();
    if (!value) {
      continue;
    }
    if (input.name === "note") {
      note = value;
    } else {
      fields[input.name] = said(input, value);
    }
  }
  const headers = { "Content-Type": "application/json", "If-Match": `"${deeds.dataset.version}"` };
  const body = JSON.stringify({ action: form.dataset.action, note, fields });
  await answered(fetch(`/cases/${deeds.dataset.case}/moves`, { method: "POST", headers, body }));
}

// Moments are China's, wherever the browser believes to be.
function said(input, value) {
  if (input.type === "datetime-local") {
    return `${value}:00+08:00`;
  }
  return "number" in input.dataset ? Number(value) : value;
}

async function answered(asked) {
  let answer;
  try {
    answer = await asked;
  } catch {
    throw new Error("服务器没有应答,内容仍在本页,请稍后再试 The server does not answer; try again");
  }
  if (answer.ok) {
    return;
  }
  if (answer.status === 401) {
    throw new Error("登录已失效,请在另一窗口重新登录后再试 Your session has ended: sign in again in another window");
  }
  const problem = await answer.json().catch(() => null);
  throw new Error(problem ? `${problem.detail}\n${problem.detail_en}` : `${answer.status}`);
}

function complain(text) {
  complaint.textContent = text;
  complaint.hidden = false;
  complaint.scrollIntoView({ block: "center" });
}
