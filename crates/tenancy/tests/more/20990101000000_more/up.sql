ALTER TABLE teams ADD CONSTRAINT teams_short CHECK (length(name) < 10);
