// The order of severities, in code and in SQL.
import { expect, it } from 'vitest'
import { compareSeverity, isWorse, SEVERITIES, severityRankSql } from './severity.ts'

it('orders info, warning, critical', () => {
  expect([...SEVERITIES].toReversed().toSorted(compareSeverity)).toEqual(['info', 'warning', 'critical'])
  expect([isWorse('critical', 'warning'), isWorse('info', 'info')]).toEqual([true, false])
  expect(severityRankSql()).toBe("case severity when 'info' then 0 when 'warning' then 1 when 'critical' then 2 end")
})
