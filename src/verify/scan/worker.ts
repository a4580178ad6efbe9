/** The thread that scans ranges for `scanInThreads`. */
import { parentPort } from 'node:worker_threads';
import { createScan, type ScanTask } from './scanner.js';

const port = parentPort;
if (!port) throw new Error('this module is the entry of a worker thread');
const scan = createScan();
port.on('message', (task: ScanTask) => {
  // A range that cannot be read here is read by the walk, which says why.
  void scan(task)
    .catch(() => null)
    .then((facts) => port.postMessage(facts));
});
