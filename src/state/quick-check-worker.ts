// The thread that checks a large state database beside the work.
import { parentPort, workerData } from 'node:worker_threads'
import { quickCheck } from './quick-check.ts'
import { Sqlite } from './sqlite.ts'

const sqlite = new Sqlite(workerData as string, { readonly: true, fileMustExist: true })
parentPort!.postMessage(quickCheck(sqlite))
sqlite.close()
