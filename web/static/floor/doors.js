// Pages on which nothing is counted: a scanned barcode of the sheet still leads on.

import { onScan } from "./wedge.js";

onScan(() => undefined);
