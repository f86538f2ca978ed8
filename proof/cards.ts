// Draws any card at all for every chat platform: none may exceed a limit, lose a button's line, or let data act.
import fc from 'fast-check'
import { CARD_FAULTS } from '../src/testing/card-faults.ts'
import { anyCard } from '../src/testing/cards.ts'

const MAX_SHOWN_FAULTS = 10

/** Checks `--cards` (default: 100,000) of a `--seed` on every platform. Resolves with whether all are shown well. */
export function cards(options: Readonly<Record<string, string>>): Promise<boolean> {
  const count = Number(options.cards ?? options.count ?? 100_000)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const begun = performance.now()
  let checked = 0
  let faults = 0
  fc.assert(
    fc.property(anyCard, card => {
      for (const [platform, faultsOf] of Object.entries(CARD_FAULTS)) {
        const found = faultsOf(card)
        if (found.length > 0 && faults++ < MAX_SHOWN_FAULTS)
          console.log(`cards: ${platform}: ${String(found[0]).slice(0, 200)}: ${JSON.stringify(card).slice(0, 600)}`)
      }
      if (++checked % 10_000 === 0) console.log(`cards: ${checked}`)
    }),
    { numRuns: count, seed },
  )
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(
    `cards: ${checked} cards of seed ${seed} on ${Object.keys(CARD_FAULTS).length} forms, ${faults} faults, ${seconds} s`,
  )
  return Promise.resolve(faults === 0)
}
