// The program of the worker that examines a data folder: it reads gigabytes, which must not delay a beat.
import { parentPort, workerData } from 'node:worker_threads'
import { examineFolder } from './examine-folder.ts'
import type { FolderOptions } from './folder-options.ts'

parentPort!.postMessage(examineFolder(workerData as FolderOptions))
