"""The parts of the suite, each about one thing that an integration must carry through unchanged."""
