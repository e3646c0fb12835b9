import { runStoreHand } from './store-hand-process.ts';

// What the parent forks to work on the store. Nothing else imports this file.
runStoreHand();
