PRAGMA application_id = 1097036919;
PRAGMA user_version = 6;
BEGIN TRANSACTION;
CREATE TABLE answers (
	data_digest TEXT NOT NULL, 
	num_classes INTEGER NOT NULL, 
	labels BLOB NOT NULL, 
	PRIMARY KEY (data_digest)
);
INSERT INTO "answers" VALUES('0000000000000000000000000000000000000000000000000000000000000000',10,X'78DA63606064606260666061606560636067E060E0640000015E002E');
CREATE TABLE environments (
	environment_id TEXT NOT NULL, 
	fingerprint_id TEXT NOT NULL, 
	device TEXT, 
	details TEXT NOT NULL, 
	PRIMARY KEY (environment_id)
);
INSERT INTO "environments" VALUES('96ca7a0675bc37ce','dffeb00d0ee3','cpu','{"fingerprint":{"device":"cpu","memory_format":"contiguous","threads":"1"},"host":"here"}');
INSERT INTO "environments" VALUES('44136fa355b3678a','44136fa355b3',NULL,'{}');
CREATE TABLE epochs (
	run_id TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	train_loss FLOAT, 
	train_accuracy FLOAT, 
	learning_rate FLOAT, 
	seconds FLOAT, 
	validation_loss FLOAT, 
	validation_accuracy FLOAT, 
	test_loss FLOAT, 
	test_accuracy FLOAT, 
	PRIMARY KEY (run_id, epoch), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "epochs" VALUES('e8d86885f704603d66bb',1,1.0,10.0,0.1,4.0,NULL,NULL,NULL,NULL);
INSERT INTO "epochs" VALUES('e8d86885f704603d66bb',2,0.5,20.0,0.1,4.0,NULL,NULL,NULL,NULL);
INSERT INTO "epochs" VALUES('e8d86885f704603d66bb',3,3.33333333333333314829e-01,30.0,0.1,4.0,NULL,NULL,NULL,NULL);
INSERT INTO "epochs" VALUES('8e808519aa3ca1f5b9ea',1,NULL,10.0,0.1,4.0,NULL,NULL,NULL,NULL);
CREATE TABLE leases (
	token INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	run_id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	boot_id TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	process_start TEXT NOT NULL, 
	heartbeat FLOAT NOT NULL, 
	UNIQUE (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "leases" VALUES(4,'17be99db950034415b9d','elsewhere','boot',1,'1',1763900000.0);
CREATE TABLE looks (
	look_id INTEGER NOT NULL, 
	looked_at TEXT NOT NULL, 
	study TEXT, 
	what TEXT NOT NULL, 
	num_seeds INTEGER NOT NULL, 
	num_runs INTEGER, 
	nominal_level FLOAT, 
	PRIMARY KEY (look_id)
);
INSERT INTO "looks" VALUES(1,'2026-11-29T09:18:18.888924+00:00','sample','analyze',2,2,0.05);
CREATE TABLE marks (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "marks" VALUES('token','9d3c1f0e5a7b48629b0d6f1e2c3a4b5d');
CREATE TABLE predictions (
	run_id TEXT NOT NULL, 
	packed BLOB NOT NULL, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "predictions" VALUES('e8d86885f704603d66bb',X'78DA63626063606160666007926C0C8C0C4C40160001DA002B');
CREATE TABLE probes (
	run_id TEXT NOT NULL, 
	packed BLOB NOT NULL, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "probes" VALUES('e8d86885f704603d66bb',X'70');
CREATE TABLE progress (token INTEGER NOT NULL, epoch INTEGER NOT NULL, num_epochs INTEGER, done_fraction FLOAT NOT NULL, loss FLOAT, images_per_second FLOAT, seconds_left FLOAT, metrics TEXT NOT NULL, PRIMARY KEY (token, epoch), FOREIGN KEY(token) REFERENCES leases (token) ON DELETE CASCADE);
INSERT INTO "progress" VALUES(4,1,3,0.5,1.25,100.25,30.0,'{}');
CREATE TABLE runs (
	run_id TEXT NOT NULL, 
	spec_hash TEXT NOT NULL, 
	cell_hash TEXT NOT NULL, 
	engine_version INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	settings TEXT NOT NULL, 
	parameters BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	accident TEXT, 
	test_accuracy FLOAT, 
	best_test_accuracy FLOAT, 
	validation_accuracy FLOAT, 
	train_accuracy FLOAT, 
	test_loss FLOAT, 
	num_epochs INTEGER, 
	train_seconds FLOAT, 
	images_per_second FLOAT, 
	weights_sha256 TEXT, 
	predictions_sha256 TEXT, 
	environment_id TEXT, 
	observed TEXT, 
	traceback TEXT, 
	recorded_at TEXT, 
	PRIMARY KEY (run_id), 
	FOREIGN KEY(environment_id) REFERENCES environments (environment_id)
);
INSERT INTO "runs" VALUES('e8d86885f704603d66bb','2231f61f0996dba6ec78f12f1cec1046','4c5a0c4c3205da2d5e7828dc51f7fd16',2,0,'{"activation":"relu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'finished',1,NULL,20.0,NULL,NULL,60.0,3.33333333333333314829e-01,3,12.5,100.25,'1c15bfdf41db05e85871f699e719925e8b4af1a0fbbcc9274a96074ff113a63c','8717b9317af701f876f5c5451ef7680ea5ee7b03bea26f37f5d362f6efdc6786','96ca7a0675bc37ce','["probes"]',NULL,'2026-11-29T09:18:18.165702+00:00');
INSERT INTO "runs" VALUES('8e808519aa3ca1f5b9ea','7171c8ec89dff6473924172e0b6359a3','4c5a0c4c3205da2d5e7828dc51f7fd16',2,1,'{"activation":"relu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'diverged',1,NULL,NULL,NULL,NULL,60.0,3.33333333333333314829e-01,1,12.5,100.25,'f50a9ced31b89992af9289d7f3d69cb7df352c11fe9000391ecf0d950aa7aec4',NULL,'96ca7a0675bc37ce','[]',NULL,'2026-11-29T09:18:18.196078+00:00');
INSERT INTO "runs" VALUES('980b355b671a05d3b8de','d8830ea1ab454c8ea74e09692c6c380b','529cf1fdad6a358e019ee3bd5c5d322a',2,0,'{"activation":"elu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'failed',1,NULL,NULL,NULL,NULL,NULL,NULL,0,0.0,NULL,NULL,NULL,'44136fa355b3678a','[]','ValueError: no','2026-11-29T09:18:18.231637+00:00');
INSERT INTO "runs" VALUES('17be99db950034415b9d','288e0cb2b39853b956231e3c750087ea','529cf1fdad6a358e019ee3bd5c5d322a',2,1,'{"activation":"elu","data":"0000000000000000000000000000000000000000000000000000000000000000","model":"mlp","regularization":"bn","train":{"epochs":3}}',1000,'pending',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE studies (
	study TEXT NOT NULL, 
	study_hash TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	spec TEXT NOT NULL, 
	registered TEXT, 
	started_as TEXT, 
	PRIMARY KEY (study, study_hash)
);
INSERT INTO "studies" VALUES('sample','717f522cecfc8c32','2026-11-29T09:18:18.105490+00:00','{"factors":{"activation":["relu","elu"],"dataset":["digits"],"model":["mlp"],"regularization":["bn"]},"name":"sample","seeds":[0,1],"train":{"epochs":3}}','[{"claims":{"C1 to C8":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"},"plan_sha256":"09a12e9ec3c334144f41f6730048a4bb847826efd46fc1832ce16f6630eb21d1","recorded_at":"2026-11-29T09:18:18.103983+00:00"}]','["sample.toml","seeds=0..1"]');
CREATE TABLE study_runs (
	study TEXT NOT NULL, 
	label TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	dataset TEXT NOT NULL, 
	model TEXT NOT NULL, 
	regularization TEXT NOT NULL, 
	activation TEXT NOT NULL, 
	width FLOAT NOT NULL, 
	asked TEXT NOT NULL, 
	is_aliased BOOLEAN NOT NULL, 
	asked_at TEXT, 
	asked_cell TEXT, 
	PRIMARY KEY (study, label, run_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "study_runs" VALUES('sample','05c16721b57c4c4a','e8d86885f704603d66bb',0,'digits','mlp','bn','relu',1.0,'{"activation":"relu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0,'2026-11-29T09:18:18.105490+00:00','4c5a0c4c3205da2d5e7828dc51f7fd16');
INSERT INTO "study_runs" VALUES('sample','05c16721b57c4c4a','8e808519aa3ca1f5b9ea',1,'digits','mlp','bn','relu',1.0,'{"activation":"relu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0,'2026-11-29T09:18:18.105490+00:00','4c5a0c4c3205da2d5e7828dc51f7fd16');
INSERT INTO "study_runs" VALUES('sample','71c3ffb9a896ebc7','980b355b671a05d3b8de',2,'digits','mlp','bn','elu',1.0,'{"activation":"elu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0,'2026-11-29T09:18:18.105490+00:00','529cf1fdad6a358e019ee3bd5c5d322a');
INSERT INTO "study_runs" VALUES('sample','71c3ffb9a896ebc7','17be99db950034415b9d',3,'digits','mlp','bn','elu',1.0,'{"activation":"elu","dataset":"digits","model":"mlp","regularization":"bn","train":{"epochs":3}}',0,'2026-11-29T09:18:18.105490+00:00','529cf1fdad6a358e019ee3bd5c5d322a');
CREATE INDEX ix_runs_spec_hash ON runs (spec_hash);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX study_runs_of_run ON study_runs (run_id);
CREATE INDEX study_runs_in_order ON study_runs (study, position);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('leases',4);
COMMIT;
