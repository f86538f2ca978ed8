// Examines the keys of a data folder: whether they are there, private, and the ones that sealed the stored secrets.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnosis, fails, isWell, warns } from '../../diagnosis.ts'
import { createVault } from '../../projects/vault.ts'
import { Sqlite } from '../../state/sqlite.ts'
import type { FolderOptions } from './folder-options.ts'

const KEY_BYTES = 32
/** Where sealed values are; a table of a later or an earlier Vakt may lack one. */
const SEALED: readonly (readonly [table: string, column: string])[] = [
  ['keys', 'secret_sealed'],
  ['hosts', 'secret_sealed'],
  ['channels', 'secret_sealed'],
  ['forwards', 'target_sealed'],
  ['probes', 'headers_sealed'],
]

/** Examines the keys. */
export function examineKeys({ dataDir, vaultKey, adminKey }: FolderOptions): Diagnosis[] {
  if (!existsSync(join(dataDir, 'vakt.db'))) return []
  return [examineVaultKey(dataDir, vaultKey), ...examineAdminKey(dataDir, adminKey), ...examineModes(dataDir)]
}

function examineVaultKey(dataDir: string, setting: string | null): Diagnosis {
  const file = join(dataDir, 'vault.key')
  const sealed = firstSealed(dataDir)
  const restore =
    'Restore vault.key from a backup or set VAULT_KEY: without it, the stored secrets of keys, hosts and channels must be entered again.'
  if (setting === null && !existsSync(file))
    return sealed === null
      ? warns(
          'vault key',
          'There is no vault.key.',
          'Nothing to do: Vakt makes one at its start, and nothing is sealed yet.',
        )
      : fails('vault key', 'There is no vault.key, but secrets are stored that only it can read.', restore)
  const key = Buffer.from(setting ?? readFileSync(file, 'utf8').trim(), 'base64')
  const name = setting === null ? 'vault.key' : 'VAULT_KEY'
  if (key.length !== KEY_BYTES) return fails('vault key', `${name} does not hold a key (32 bytes in base64).`, restore)
  try {
    if (sealed !== null) createVault(key).open(sealed)
  } catch {
    return fails('vault key', `${name} is not the key that encrypted the stored secrets.`, restore)
  }
  return isWell('vault key', `${name} reads the stored secrets.`)
}

function examineAdminKey(dataDir: string, setting: string | null): Diagnosis[] {
  if (setting !== null) return []
  const file = join(dataDir, 'admin.key')
  if (existsSync(file) && readFileSync(file, 'utf8').trim() !== '') return []
  return [
    warns(
      'admin key',
      `admin.key is ${existsSync(file) ? 'empty' : 'missing'}.`,
      'Vakt makes a new one at its start; the old admin key no longer works. Restore the file, or set ADMIN_KEY.',
    ),
  ]
}

function examineModes(dataDir: string): Diagnosis[] {
  return ['vault.key', 'admin.key'].flatMap(name => {
    const file = join(dataDir, name)
    if (!existsSync(file) || (statSync(file).mode & 0o077) === 0) return []
    return [
      fails(
        name.replace('.', ' '),
        `Other users may read ${name}.`,
        `chmod 600 ${file}, and make a new key if strangers use this machine.`,
      ),
    ]
  })
}

/** One value that the vault sealed, or null when there is none or the state cannot be read. */
function firstSealed(dataDir: string): Buffer | null {
  let database: Sqlite | null = null
  try {
    database = new Sqlite(join(dataDir, 'vakt.db'), { readonly: true, fileMustExist: true })
    const ssh = database.prepare<[], { value: string }>("select value from key_values where name = 'ssh key'").get()
    if (ssh) return Buffer.from(ssh.value, 'base64')
    for (const [table, column] of SEALED) {
      const known = database.prepare(`select 1 from pragma_table_info('${table}') where name = '${column}'`).get()
      if (!known) continue
      const row = database
        .prepare<[], { sealed: Buffer }>(`select ${column} as sealed from ${table} where ${column} is not null limit 1`)
        .get()
      if (row) return row.sealed
    }
    return null
  } catch {
    return null
  } finally {
    database?.close()
  }
}
