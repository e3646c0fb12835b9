import { runTrial } from './trial-process.ts';

// What the parent forks to try a bundle. Nothing else imports this file.
runTrial();
