// The archiver of the settings, or none.
import type { ArchiveTarget } from '../../config/log-settings.ts'
import { type Archiver, type ArchiverOptions, createArchiver } from './archiver.ts'
import { openArchiveStorage } from './open-storage.ts'

/** The archiver of the place that ARCHIVE_TO names; null without one. */
export function openArchiver(target: ArchiveTarget | null, options: Omit<ArchiverOptions, 'storage'>): Archiver | null {
  return target === null ? null : createArchiver({ ...options, storage: openArchiveStorage(target) })
}
