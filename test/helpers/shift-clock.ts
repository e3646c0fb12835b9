/**
 * Loaded before everything else (`--import`), shifts the wall clock of a process by the milliseconds in the file that
 * TEST_CLOCK_OFFSET_FILE names, read anew at every look, so that a test can set the clock of a whole server and of its
 * workers while they run. The monotonic clock does not notice, as with a clock that is really set.
 */
import { readFileSync } from 'node:fs';

const file = process.env['TEST_CLOCK_OFFSET_FILE'];
const real = Date.now.bind(Date);
if (file !== undefined) Date.now = () => real() + Number(readFileSync(file, 'utf8'));
