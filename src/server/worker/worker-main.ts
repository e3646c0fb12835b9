import { runWorker } from './worker.ts';

// What the parent forks. Nothing else imports this file.
runWorker();
