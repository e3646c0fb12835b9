import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Loaded first by a process whose memory a test measures: SIGUSR2 collects its garbage, and nothing else is changed.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.on('SIGUSR2', () => collect());
