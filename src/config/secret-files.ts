// The secrets that Vakt makes for itself and stores in files of the data folder.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'

const VAULT_KEY_BYTES = 32

/**
 * Loads the key that encrypts stored secrets (32 bytes), or creates it; with the setting VAULT_KEY (base64) it is that one and
 * no file is made. Throws a `Problem` when the file holds no such key, or another one than the setting.
 */
export function loadOrCreateVaultKey(folder: string, setting: string | null = null): Buffer {
  if (setting !== null) return vaultKeyOf(folder, setting)
  const stored = loadOrCreateSecret(folder, 'vault.key', () => randomBytes(VAULT_KEY_BYTES).toString('base64'))
  const key = Buffer.from(stored, 'base64')
  if (key.length === VAULT_KEY_BYTES) return key
  throw new Problem(
    'internal',
    `The file ${join(folder, 'vault.key')} does not hold a key (32 bytes in base64). Restore it from your backup: without it, stored secrets cannot be decrypted.`,
  )
}

function vaultKeyOf(folder: string, setting: string): Buffer {
  const key = Buffer.from(setting, 'base64')
  const file = join(folder, 'vault.key')
  if (existsSync(file) && !Buffer.from(readFileSync(file, 'utf8').trim(), 'base64').equals(key))
    throw new Problem(
      'conflict',
      `VAULT_KEY is not the key in ${file}, which encrypted the stored secrets. Set VAULT_KEY to the content of that file, and remove the file once Vakt has started.`,
    )
  return key
}

/**
 * Loads a secret from a file in `folder` that only its owner may read, or creates it with `create`. Throws a `Problem`
 * when the file cannot be read.
 */
export function loadOrCreateSecret(folder: string, name: string, create: () => string): string {
  const file = join(folder, name)
  try {
    const stored = readFileSync(file, 'utf8').trim()
    if (stored !== '') return stored
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new Problem(
        'internal',
        `The file ${file} cannot be read (${(error as Error).message}). Make it readable for the user that runs Vakt.`,
      )
    }
  }
  const secret = create()
  // A full disk must not leave half a secret behind.
  const unfinished = `${file}.new`
  writeFileSync(unfinished, `${secret}\n`, { mode: 0o600, flush: true })
  chmodSync(unfinished, 0o600)
  renameSync(unfinished, file)
  return secret
}
