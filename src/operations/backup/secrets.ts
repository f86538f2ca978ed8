// The keys of a data folder in a backup: encrypted by a passphrase in the format of age (https://age-encryption.org/v1), so
// that "age --decrypt secrets.age" reads them too.
import { Decrypter, Encrypter } from 'age-encryption'
import { Problem } from '../../problem.ts'

/** The texts of secret files by their names. */
export type Secrets = { readonly [name: string]: string }

/** Which files of a data folder are secrets. */
export const KEY_FILES = ['admin.key', 'vault.key'] as const
/** The name of the settings file of the folder in which Vakt ran. */
export const ENVIRONMENT_FILE = '.env'
/** About a second on a small machine, as age itself chooses it. */
const WORK_FACTOR = 18

/** Encrypts secrets. `workFactor` is the binary logarithm of scrypt's cost; tests take less. */
export async function encryptSecrets(
  secrets: Secrets,
  passphrase: string,
  workFactor = WORK_FACTOR,
): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  encrypter.setScryptWorkFactor(workFactor)
  encrypter.setPassphrase(passphrase)
  return encrypter.encrypt(JSON.stringify(secrets, null, 2))
}

/** Decrypts them. Rejects with `forbidden` for a wrong passphrase. */
export async function decryptSecrets(encrypted: Uint8Array, passphrase: string): Promise<Secrets> {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  let text: string
  try {
    text = await decrypter.decrypt(encrypted, 'text')
  } catch (error) {
    throw new Problem(
      'forbidden',
      'The passphrase does not open the keys of this backup. Set BACKUP_PASSPHRASE to the one that it was made with.',
      { cause: error },
    )
  }
  return JSON.parse(text) as Secrets
}
