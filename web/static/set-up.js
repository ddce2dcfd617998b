// Fills in what the link says; it stands behind the # and so never left this browser.
const told = new URLSearchParams(window.location.hash.slice(1));
for (const name of ["login", "code"]) {
  const field = document.getElementById(name);
  if (field && told.get(name)) field.value = told.get(name);
}
if (told.get("code")) {
  history.replaceState(null, "", window.location.pathname);
  document.getElementById("password")?.focus();
}
