"""The duties: to report on time, and to look before prescribing.

Who must report by when, who is late, and whose reports cover which days.
"""
