// Any card on every platform: no limit is exceeded, every button runs its line, and nothing in data acts.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CARD_FAULTS } from '../testing/card-faults.ts'
import { anyCard } from '../testing/cards.ts'

/** `npm run proof -- cards` runs 400 times as many. */
const RUNS = 250

test('any card is shown well on every platform', () => {
  // Shrinking long texts takes minutes and shows little more.
  fc.assert(
    fc.property(anyCard, card => {
      for (const [platform, faultsOf] of Object.entries(CARD_FAULTS)) expect(faultsOf(card), platform).toEqual([])
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
