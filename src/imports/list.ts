// The list of programs whose checks can be taken over.
import type { ForeignProgram } from './foreign-check.ts'
import { healthchecks } from './healthchecks.ts'
import { uptimeKuma } from './uptime-kuma.ts'

export const FOREIGN_PROGRAMS: readonly ForeignProgram[] = [healthchecks, uptimeKuma]
