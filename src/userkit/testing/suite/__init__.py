"""The parts of the suite, each about one promise of the port."""
