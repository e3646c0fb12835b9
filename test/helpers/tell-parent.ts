/** What a forked process tells the test that started it. */
export interface Teller<Message> {
  /** Sends a message; nothing where the test has gone. */
  readonly tell: (message: Message) => void;
  /** Closes the channel once everything that was told has left this process: closing it drops what still waits. */
  readonly end: () => Promise<void>;
}

/** The forked process's end. The test waits for `close`, since `exit` may come before the last messages are read. */
export function tellParent<Message extends object>(): Teller<Message> {
  let last: Promise<void> = Promise.resolve();
  return {
    tell: (message) => {
      if (!process.connected) return;
      last = new Promise((resolve) => {
        process.send?.(message, undefined, undefined, () => resolve());
      });
    },
    end: async () => {
      await last;
      if (process.connected) process.disconnect?.();
    },
  };
}
