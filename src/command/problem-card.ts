// What people read when something is refused or fails.
import type { Card } from '../card.ts'
import type { Problem } from '../problem.ts'

/** What is said when something is refused or fails: one sentence, and how the command is written when that helps. */
export function problemCard(problem: Problem): Card {
  const titles = {
    invalid: 'That does not work yet',
    unauthorized: 'Not signed in',
    forbidden: 'Not allowed',
    not_found: 'Not found',
    conflict: 'Nothing changed',
    too_large: 'Too large',
    unsupported: 'Not supported',
    not_a_log: 'Not a log',
    limited: 'Too many',
    busy: 'Busy',
    internal: 'Something went wrong in Vakt',
  }
  return { title: titles[problem.code], tone: 'warning', lines: [problem.message] }
}
