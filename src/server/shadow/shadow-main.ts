import { runShadow } from './run-shadow.ts';

// What the parent forks to ask the second bundle. Nothing else imports this file.
runShadow();
