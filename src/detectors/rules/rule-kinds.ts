// The kinds of detection rules: a new kind is a file in kinds/ and one line here.
import { anomaly } from './kinds/anomaly.ts'
import { errorRate } from './kinds/error-rate.ts'
import { errorSpike } from './kinds/error-spike.ts'
import { newError } from './kinds/new-error.ts'
import { regression } from './kinds/regression.ts'
import { search } from './kinds/search.ts'
import { silence } from './kinds/silence.ts'
import { threshold } from './kinds/threshold.ts'
import type { RuleKind } from './rule-kind.ts'

/** Kinds about errors are tried in this order on each error. */
export const RULE_KINDS: readonly RuleKind[] = [
  errorSpike,
  errorRate,
  newError,
  regression,
  silence,
  threshold,
  search,
  anomaly,
]
