CREATE TABLE user (
	id CHAR(36) NOT NULL, 
	email VARCHAR(320) NOT NULL, 
	hashed_password VARCHAR(1024) NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	is_superuser BOOLEAN NOT NULL, 
	is_verified BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO user VALUES('ef1cae85-c714-405b-a93b-db056c4503ad', 'ada@example.com', '$argon2id$v=19$m=65536,t=3,p=4$8W5axrDzSGz6t0ZrURA1cQ$x5/KLrenGlm+aghDJIKKyTmgX6zeHdx+e+2Wec7xuAw', 1, 0, 1);
INSERT INTO user VALUES('2010e191-5f5f-4278-a3bd-7d69da336dcc', 'Grace@example.com', '$argon2id$v=19$m=65536,t=3,p=4$+D+dxtnibYMLYanMJdKbPQ$kFQER1yC/4kxUN3GttMTv6j/0KSEu68LnSBN7gfg+7o', 1, 1, 0);
INSERT INTO user VALUES('af460a0e-ecf8-4075-83cf-638965e0d4a3', 'edsger@example.com', '$argon2id$v=19$m=65536,t=3,p=4$BSJlNe0Vpwpx0gSOlkZmuQ$GjIBXAEF5b0GTcspbV2de28fMLMEPjWFCyO8x2Hl6+E', 0, 0, 0);
INSERT INTO user VALUES('29256d33-e652-4f9a-b6b7-2e2ca327361f', 'barbara@example.com', '$2b$12$2pwxq6dJ5GD8BrZrlRZUm.PXn9GSkRI0qkyN6fgFR0N0qypF.jx6O', 1, 0, 1);
