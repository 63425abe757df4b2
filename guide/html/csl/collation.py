"""temp"""
def sort_key(text, lang): return text.casefold()
