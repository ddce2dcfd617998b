// A scan on a page that only looks for things is typed into its search and sent.

import { onScan } from "./wedge.js";

onScan((code) => {
  const field = document.querySelector("[data-scan-into]");
  field.value = code;
  field.form.requestSubmit();
});
