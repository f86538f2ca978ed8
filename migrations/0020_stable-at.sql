ALTER TABLE `alerts` RENAME COLUMN "stable_since" TO "stable_at";--> statement-breakpoint
DROP INDEX `alerts_stable`;--> statement-breakpoint
CREATE INDEX `alerts_stable` ON `alerts` (`stable_at`) WHERE stable_at is not null;
