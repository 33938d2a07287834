"""`python -m voicetest`."""

from voicetest.cli import main

if __name__ == "__main__":
    main()
