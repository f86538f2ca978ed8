// The contract of log stores: what every store behind the port answers, told by one suite that each store's tests run.
import { describe } from 'vitest'
import { appendContract } from './append.contract.ts'
import { feedContract } from './feed.contract.ts'
import { hostileContract } from './hostile.contract.ts'
import { killContract } from './kill.contract.ts'
import type { Open } from './made.testing.ts'
import { maintenanceContract, purgeContract, restartContract, retentionContract } from './maintenance.contract.ts'
import { countContract, pagingContract } from './paging.contract.ts'
import { sealContract } from './seal.contract.ts'
import { searchContract } from './search.contract.ts'
import { tailContract } from './tail.contract.ts'

const PARTS = {
  append: appendContract,
  search: searchContract,
  paging: pagingContract,
  count: countContract,
  hostile: hostileContract,
  feed: feedContract,
  maintenance: maintenanceContract,
  tail: tailContract,
  /** Parts of `maintenance`, for a store that drops and archives nothing where its lines are. */
  purge: purgeContract,
  retention: retentionContract,
  restart: restartContract,
  /** For a store whose `Made` has `seal`. */
  seal: sealContract,
  /** For a store in a process of its own, whose `Made` has `kill`. */
  kill: killContract,
}
export type ContractPart = keyof typeof PARTS
/** What every store is held to, wherever its lines are at the moment. */
export const COMMON_PARTS = [
  ...(['append', 'search', 'paging', 'count', 'hostile', 'feed', 'maintenance', 'tail'] as const),
]

/**
 * Registers the tests of the contract for one kind of store. A store with several places for its lines runs them once for
 * each (`settle` moves the lines there), perhaps with fewer `parts`: `storeContract('sealed', openSealed, ['search'])`.
 */
export function storeContract(name: string, open: Open, parts: readonly ContractPart[] = COMMON_PARTS): void {
  describe(name, () => {
    for (const part of parts) describe(part, () => PARTS[part](open))
  })
}
