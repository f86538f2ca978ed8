// How bad something is, and the order of that.

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Sorts the least severe first: negative when `a` is less severe than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b)
}

/** Whether `severity` is more severe than `other`. */
export function isWorse(severity: Severity, other: Severity): boolean {
  return compareSeverity(severity, other) > 0
}

/** SQL that ranks a severity column: 0 info, 1 warning, 2 critical. `column` is a column name of ours, never input. */
export function severityRankSql(column = 'severity'): string {
  return `case ${column} ${SEVERITIES.map((severity, rank) => `when '${severity}' then ${rank}`).join(' ')} end`
}
