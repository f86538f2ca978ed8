// Examines settings, data folder, chats and machine from a chat, with a remedy for what is wrong.

import { readEnvironment } from '../../src/config/config.ts'
import { diagnosisLines, diagnosisSummary, worstFirst } from '../../src/operations/doctor/diagnosis-text.ts'
import { examine } from '../../src/operations/doctor/examine.ts'
import { command } from '../context.ts'

const doctor = command({
  name: 'doctor',
  summary: 'Examine settings, data folder, chats and machine, with a remedy for each fault',
  details: 'It changes nothing. On the server, "vakt doctor" does the same also while Vakt is stopped.',
  examples: ['doctor'],
  role: 'admin',
  args: {},
  async run(_, { config, platforms, parts, clock }) {
    const list = await examine({
      config,
      environment: readEnvironment(),
      platforms,
      version: parts.version,
      now: clock.now,
      isServer: true,
    })
    const isFailed = list.some(({ state }) => state === 'failed')
    const isWarned = list.some(({ state }) => state === 'warning')
    return {
      card: {
        title: diagnosisSummary(list),
        tone: isFailed ? 'critical' : isWarned ? 'warning' : 'good',
        lines: worstFirst(list).flatMap(diagnosisLines),
      },
      result: { diagnoses: list },
    }
  },
})

export const doctorCommands = [doctor]
