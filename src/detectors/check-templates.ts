// The title and the note that people gave the alerts of a check, in place of the usual words. Pure.
import type { Check } from '../checks/check.ts'
import { invalid } from '../problem.ts'
import type { Finding } from './finding.ts'

const PLACEHOLDERS = ['check', 'what', 'host', 'owner']
const MAX_TITLE_LENGTH = 200

/** A finding of a check with the title and the note that people gave the check. */
export function withTemplates(check: Check, finding: Finding): Finding {
  const { alertTitle, alertNote } = check
  const [first, ...rest] = finding.observation.lines
  const lines = !alertNote ? finding.observation.lines : [...(first === undefined ? [] : [first]), alertNote, ...rest]
  return {
    ...finding,
    title: !alertTitle ? finding.title : filled(alertTitle, check, finding.title),
    observation: { ...finding.observation, lines },
  }
}

/** Throws `invalid` for a title with an unknown placeholder. */
export function validateCheckTitle(title: string): void {
  for (const [, name] of title.matchAll(/\{([^{}]*)\}/g)) {
    if (PLACEHOLDERS.includes(name!)) continue
    const known = PLACEHOLDERS.map(placeholder => `{${placeholder}}`).join(', ')
    throw invalid(
      'title',
      `A title has no placeholder {${name}}. Use ${known}: the name of the check, what is wrong ("sent no beat"), its host and its owner.`,
    )
  }
}

function filled(title: string, check: Check, usual: string): string {
  const what = usual.startsWith(`${check.name} `) ? usual.slice(check.name.length + 1) : usual
  const values: { [name: string]: string } = {
    check: check.name,
    what,
    host: check.host ?? '',
    owner: check.owner ?? '',
  }
  const text = title.replace(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole)
  return Array.from(text.replace(/\s+/g, ' ').trim()).slice(0, MAX_TITLE_LENGTH).join('') || usual
}
