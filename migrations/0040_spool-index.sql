DROP INDEX `spool_kind`;--> statement-breakpoint
CREATE INDEX `spool_kind` ON `spool` (`kind`,`seq`,`run`,`bytes`);