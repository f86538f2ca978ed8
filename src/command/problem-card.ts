// The card that people read when a command is refused or fails.
import type { Card } from '../card.ts'
import type { Problem } from '../problem.ts'

/** The card of a refusal or failure: what happened in one sentence, with the usage of the command where that helps. */
export function problemCard(problem: Problem): Card {
  const titles = {
    invalid: 'Invalid input',
    unauthorized: 'Not signed in',
    forbidden: 'Not allowed',
    not_found: 'Not found',
    conflict: 'Nothing changed',
    too_large: 'Too large',
    unsupported: 'Not supported',
    not_a_log: 'Not a log',
    limited: 'Too many requests',
    busy: 'Busy',
    internal: 'Something went wrong in Vakt',
  }
  return { title: titles[problem.code], tone: 'warning', lines: [problem.message] }
}
