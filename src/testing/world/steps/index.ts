// Everything that can happen in a world; a new kind of step is a file and a line here.
import { backup } from './backup.ts'
import { beat } from './beat.ts'
import { chatFault } from './chat-fault.ts'
import { clockSet } from './clock-set.ts'
import { diskFull } from './disk-full.ts'
import { internetLoss } from './internet-loss.ts'
import { kill } from './kill.ts'
import { logBatch } from './log-batch.ts'
import { logDiskFull } from './log-disk-full.ts'
import { logFileDamaged } from './log-file-damaged.ts'
import { logKill } from './log-kill.ts'
import { mute } from './mute.ts'
import { press } from './press.ts'
import { reroute } from './reroute.ts'
import { restart } from './restart.ts'
import { sleep } from './sleep.ts'
import { standIn } from './stand-in.ts'
import type { StepKind } from './step.ts'
import { storm } from './storm.ts'
import { targetDown } from './target-down.ts'

export const STEP_KINDS: readonly StepKind[] = [
  beat,
  backup,
  chatFault,
  clockSet,
  diskFull,
  internetLoss,
  kill,
  logBatch,
  logDiskFull,
  logFileDamaged,
  logKill,
  mute,
  press,
  reroute,
  restart,
  sleep,
  standIn,
  storm,
  targetDown,
]
